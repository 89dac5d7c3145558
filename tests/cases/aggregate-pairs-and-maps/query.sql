SELECT regr_slope(y, x) slope, regr_intercept(y, x) icept, corr(y, x) r,
  covar_samp(y, x) c, map_agg(s, x) m, histogram(s) h, bit_or(x) o,
  bit_and(x) a, bit_xor(x) b, rate(1, ts) per_second
