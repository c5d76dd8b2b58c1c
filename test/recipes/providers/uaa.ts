import type { Provider } from './provider.ts'

const JANE = '7f791ea9-99b9-423d-988b-931f0222a79f'

export const uaa: Provider = {
  file: 'uaa',
  issuer: 'https://uaa.example.com/oauth/token',
  claims: {
    jti: 'bc3e7456-91f5-4961-b88d-db705626ba77',
    sub: JANE,
    scope: ['openid', 'my-app.read', 'my-app.write'],
    client_id: 'frontend',
    cid: 'frontend',
    azp: 'frontend',
    grant_type: 'authorization_code',
    user_id: JANE,
    origin: 'ldap',
    user_name: 'jane',
    email: 'jane@example.com',
    auth_time: 1_700_000_000,
    rev_sig: 'd7f2c1a9',
    zid: 'uaa',
    aud: ['my-app', 'openid', 'frontend'],
  },
  user: {
    username: `uaa:${JANE}`,
    uid: JANE,
    groups: ['uaa:my-app.read', 'uaa:my-app.write'],
    extra: {
      'example.com/login-name': ['ldap/jane'],
      'authentication.kubernetes.io/credential-id': ['JTI=bc3e7456-91f5-4961-b88d-db705626ba77'],
    },
  },
  alsoAccepted: [['a user with one scope', { scope: ['my-app.read'] }, { groups: ['uaa:my-app.read'] }]],
  refused: [
    ['a refresh token', { jti: 'bc3e7456-91f5-4961-b88d-db705626ba77-r' }, /this is a refresh token/],
    ['an ID token', { aud: ['frontend'], scope: ['openid'], email_verified: true }, /expected audience/],
    [
      'an ID token of the client my-app',
      { aud: ['my-app'], scope: ['openid'], cid: 'my-app' },
      /no scope of this app/,
    ],
    [
      'a program (client credentials)',
      { user_id: undefined, user_name: undefined, origin: undefined, sub: 'frontend' },
      /no such key: user_id/,
    ],
    ['a user of another zone', { zid: 'tenant' }, /required claim zid value does not match/],
    ['a user of another identity provider', { origin: 'partner-saml' }, /another identity provider/],
    [
      'a token with scopes of another app',
      { aud: ['other-app'], scope: ['other-app.read'] },
      /expected audience/,
    ],
  ],
}
