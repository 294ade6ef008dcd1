-- How long a token lives, for SQL that asks.  The secret is not here: a setting of the database
-- can be read by every role.

\set jwt_exp `echo "$JWT_EXP"`

alter database postgres set app.settings.jwt_exp to :'jwt_exp';
