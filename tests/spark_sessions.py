"""A small Spark for tests: one core, one process, nothing but loopback."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

QUIET_AND_SMALL = {
    "spark.driver.memory": "768m",
    # tests run for seconds: what the second compiler would win is not earned back
    "spark.driver.extraJavaOptions": "-XX:+UseSerialGC -XX:TieredStopAtLevel=1",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.log.level": "OFF",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.sql.shuffle.partitions": "2",
    "spark.sql.adaptive.enabled": "false",
    # a query over a hundred rows is done before its own program is compiled
    "spark.sql.codegen.wholeStage": "false",
}


def why_there_is_no_spark() -> str | None:
    """What is missing on this machine; None when a session can be started."""
    try:
        import pyspark  # noqa: F401
    except ImportError:
        return "the extra 'spark' is not installed"
    java_home = os.environ.get("JAVA_HOME")
    if shutil.which("java") is None and not (java_home and Path(java_home, "bin/java").exists()):
        return "Spark needs Java 17 or later: there is no java on the path"
    return None


def small_session(folder: Path) -> SparkSession:
    """A session that keeps its files in `folder`; executors use this Python."""
    from pyspark.sql import SparkSession

    os.environ["PYSPARK_PYTHON"] = sys.executable
    os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"
    settings = {
        **QUIET_AND_SMALL,
        "spark.local.dir": str(folder / "local"),
        "spark.sql.warehouse.dir": str(folder / "warehouse"),
    }
    builder = SparkSession.builder.master("local[1]").appName("riskstrat-tests")
    return builder.config(map=settings).getOrCreate()
