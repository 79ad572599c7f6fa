// Everything works without this script; it adds a print button and moves focus after the skip link.
import { createAll, SkipLink } from "./vendor/nhsuk-frontend.min.js";

document.body.classList.add("js-enabled", "nhsuk-frontend-supported");
createAll(SkipLink);

for (const button of document.querySelectorAll(".riskstrat-print")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}
