from supamig import Finding, Severity, hookimpl
from supamig.services import auth_checker


@auth_checker("acme.sign-in", title="Staff is asked for a second factor")
def staff(context):
    session = context.sign_in()
    answer = context.target_api.call("GET", "/rest/v1/staff?limit=1", token=session.access)
    if answer.is_ok:
        message = "the table `staff` can be read without a second factor"
        yield Finding(check="acme.sign-in", severity=Severity.ERROR, message=message)


@hookimpl
def supamig_auth_checkers():
    return [staff]
