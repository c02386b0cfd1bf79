FROM alpine:3.24
ARG SECRET_PASSPHRASE
ENV SUPER_Secret=foo
ENV password=bar secret=baz
ARG super_duper_secret_token=foo auth=bar
ENV apikey=bar sunflower=foo
ENV git_key=
ENV PUBLIC_KEY=x KEY_FILE=/x TOKEN_VERSION=1 KEYBOARD=us
# expect: SecretsUsedInArgOrEnv 2
# expect: SecretsUsedInArgOrEnv 3
# expect: SecretsUsedInArgOrEnv 4
# expect: SecretsUsedInArgOrEnv 4
# expect: SecretsUsedInArgOrEnv 5
# expect: SecretsUsedInArgOrEnv 5
# expect: SecretsUsedInArgOrEnv 6
# theirs: SecretsUsedInArgOrEnv 7 there is no value
