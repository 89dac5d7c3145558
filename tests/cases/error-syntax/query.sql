SELECT count(* WHERE v > 1
