import school.reports
