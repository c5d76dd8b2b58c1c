import type { Provider } from './provider.ts'

export const dex: Provider = {
  file: 'dex',
  issuer: 'https://dex.example.com',
  claims: {
    aud: 'my-app',
    sub: 'CgRqYW5lEgRsZGFw',
    at_hash: 'HK6E_P6Dh8Y93mRNtsDB1Q',
    email: 'jane@example.com',
    email_verified: true,
    groups: ['operators'],
    name: 'Jane Doe',
    federated_claims: { connector_id: 'ldap', user_id: 'jane' },
  },
  user: { username: 'dex:jane', uid: 'CgRqYW5lEgRsZGFw', groups: ['dex:operators'], extra: {} },
  alsoAccepted: [['a user without groups', { groups: undefined }, { groups: [] }]],
  refused: [
    [
      'a user with the same id of another connector',
      { federated_claims: { connector_id: 'github', user_id: 'jane' } },
      /another connector/,
    ],
    [
      'a token without the scope federated:id',
      { federated_claims: undefined },
      /no such key: federated_claims/,
    ],
    ['a token for another client', { aud: 'other-app' }, /expected audience/],
    [
      'a connector whose name is a list',
      { federated_claims: { connector_id: ['ldap'], user_id: 'jane' } },
      /another connector|no such overload/,
    ],
  ],
}
