import type { Provider } from './provider.ts'

export const cognito: Provider = {
  file: 'cognito',
  issuer: 'https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_AbCdEfGhI',
  claims: {
    sub: 'aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee',
    'cognito:groups': ['operators'],
    'cognito:username': 'jane',
    email: 'jane@example.com',
    email_verified: true,
    origin_jti: 'cccccccc-dddd-eeee-aaaa-bbbbbbbbbbbb',
    aud: '7u2nu9v8hkqg3oe5j1c4t6m0rp',
    event_id: '64f513be-32db-42b0-b78e-b02127b4f463',
    token_use: 'id',
    auth_time: 1_700_000_000,
    jti: 'dddddddd-eeee-aaaa-bbbb-cccccccccccc',
  },
  user: {
    username: 'cognito:aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee',
    uid: 'aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee',
    groups: ['cognito:operators'],
    extra: {
      'example.com/login-name': ['jane'],
      'authentication.kubernetes.io/credential-id': ['JTI=dddddddd-eeee-aaaa-bbbb-cccccccccccc'],
    },
  },
  alsoAccepted: [['a user without groups', { 'cognito:groups': undefined }, { groups: [] }]],
  refused: [
    [
      'an access token, which names its client in client_id',
      {
        aud: undefined,
        client_id: '7u2nu9v8hkqg3oe5j1c4t6m0rp',
        token_use: 'access',
        username: 'jane',
        scope: 'openid',
        version: 2,
      },
      /expected audience/,
    ],
    [
      'an access token with an audience',
      { token_use: 'access' },
      /required claim token_use value does not match/,
    ],
    ['a token of another app client of the pool', { aud: '1example23456789' }, /expected audience/],
    ['a token without token_use', { token_use: undefined }, /required claim token_use not present/],
  ],
}
