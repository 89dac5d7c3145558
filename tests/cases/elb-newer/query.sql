SELECT type, status, error_reason, target_list, target_status_list, classification, classification_reason, conn_trace_id, rest
