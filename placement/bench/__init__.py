"""Published instances as benchmarks: suites with a protocol, best-known values, recorded runs and the table made from them."""
