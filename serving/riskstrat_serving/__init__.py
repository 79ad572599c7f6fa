"""The riskstrat service: scoring and explaining over HTTP, and the review pages."""
