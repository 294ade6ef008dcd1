from supamig import Finding, Severity, hookimpl, validator


@validator("acme.admins", title="The same people are administrators")
def admins(context):
    query = "select email from auth.users where is_super_admin"
    for (email,) in sorted(set(context.source.rows(query)) - set(context.target.rows(query))):
        message = f"`{email}` is no administrator on the target"
        yield Finding(check="acme.admins", severity=Severity.ERROR, subject=email, message=message)


@hookimpl
def supamig_validators():
    return [admins]
