SELECT v, dense_rank() OVER (ORDER BY v DESC) rn QUALIFY rn <= 2
