SELECT data.`exampleSDID@32473`.eventID id, facility, severity, facility_code f, severity_code s, pri, version v, tag
