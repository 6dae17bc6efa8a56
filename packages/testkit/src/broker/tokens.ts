/** OAuth 2 tokens that a broker of the tests takes. Must not be used for anything but tests. */
import { createHmac } from 'node:crypto';

const secret = 'a secret that only the tests and their broker know';

/** A token with all permissions, for an hour. @param id distinguishes the tokens of a user. */
export function signedToken(subject: string, id = 0): string {
  const header = { alg: 'HS256', typ: 'JWT', kid: 'test' };
  const claims = {
    sub: subject,
    jti: `${id}`,
    aud: ['rabbitmq'],
    scope: ['rabbitmq.configure:*/*', 'rabbitmq.read:*/*', 'rabbitmq.write:*/*'],
    exp: Math.floor(Date.now() / 1000) + 3600,
  };
  const body = [header, claims].map((part) => base64url(JSON.stringify(part))).join('.');
  return `${body}.${createHmac('sha256', secret).update(body).digest('base64url')}`;
}

/** The advanced.config of a broker that takes such tokens. RabbitMQ: rabbitmq_auth_backend_oauth2. */
export const tokenConfig: string = `[{rabbitmq_auth_backend_oauth2, [
  {resource_server_id, <<"rabbitmq">>},
  {key_config, [{default_key, <<"test">>}, {signing_keys, #{<<"test">> => {map, #{
    <<"kty">> => <<"oct">>, <<"kid">> => <<"test">>, <<"alg">> => <<"HS256">>, <<"use">> => <<"sig">>,
    <<"k">> => <<"${base64url(secret)}">>}}}}]}]}].`;

function base64url(text: string): string {
  return Buffer.from(text).toString('base64url');
}
