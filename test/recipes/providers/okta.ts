import type { Provider } from './provider.ts'

export const okta: Provider = {
  file: 'okta',
  issuer: 'https://dev-123456.okta.com/oauth2/default',
  claims: {
    ver: 1,
    jti: 'AT.0mP4JKAZX1iACIT4vbEDF7LpvDVjxypPMf0D7uX39RE',
    aud: 'api://default',
    cid: '0oa1b2c3d4e5f6g7h8i9',
    uid: '00u1b2c3d4e5f6g7h8i9',
    scp: ['openid', 'my-app'],
    auth_time: 1_700_000_000,
    sub: 'jane@example.com',
    groups: ['Everyone', 'my-app-operators'],
  },
  user: {
    username: 'okta:00u1b2c3d4e5f6g7h8i9',
    uid: '00u1b2c3d4e5f6g7h8i9',
    groups: ['okta:my-app-operators'],
    extra: {
      'example.com/login-name': ['jane@example.com'],
      'authentication.kubernetes.io/credential-id': ['JTI=AT.0mP4JKAZX1iACIT4vbEDF7LpvDVjxypPMf0D7uX39RE'],
    },
  },
  alsoAccepted: [['a user without groups', { groups: undefined }, { groups: [] }]],
  refused: [
    [
      'an ID token of the same authorization server',
      {
        aud: '0oa1b2c3d4e5f6g7h8i9',
        cid: undefined,
        uid: undefined,
        scp: undefined,
        sub: '00u1b2c3d4e5f6g7h8i9',
      },
      /expected audience/,
    ],
    [
      'a token of a program (client credentials)',
      { uid: undefined, sub: '0oa1b2c3d4e5f6g7h8i9' },
      /no such key: uid/,
    ],
    ['a token with scopes of another app', { scp: ['openid', 'other-app'] }, /not requested for this app/],
    ['a scope that only begins with the name', { scp: ['my-app-2'] }, /not requested for this app/],
    ['a token for another API', { aud: 'api://other' }, /expected audience/],
  ],
}
