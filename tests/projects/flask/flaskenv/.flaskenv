FLASK_APP=school
