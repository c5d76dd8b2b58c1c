import type { Provider } from './provider.ts'

export const auth0: Provider = {
  file: 'auth0',
  issuer: 'https://example.eu.auth0.com/',
  claims: {
    sub: 'auth0|5f7c8ec7c33c6c004bbafe82',
    aud: ['https://api.example.com', 'https://example.eu.auth0.com/userinfo'],
    azp: 'YlHJ8n1mBq0hRkzO5dVfUX3T7sWc2eAg',
    scope: 'openid profile orders:read',
    permissions: ['orders:read'],
    'https://api.example.com/roles': ['operator'],
  },
  user: {
    username: 'auth0:auth0|5f7c8ec7c33c6c004bbafe82',
    uid: 'auth0|5f7c8ec7c33c6c004bbafe82',
    groups: ['auth0:permission:orders:read', 'auth0:role:operator'],
    extra: {},
  },
  alsoAccepted: [
    [
      'a user of a social connection, without roles',
      { sub: 'google-oauth2|1101', permissions: undefined, 'https://api.example.com/roles': undefined },
      { username: 'auth0:google-oauth2|1101', uid: 'google-oauth2|1101', groups: [] },
    ],
  ],
  refused: [
    ['an ID token', { aud: 'YlHJ8n1mBq0hRkzO5dVfUX3T7sWc2eAg' }, /expected audience/],
    ['a token of another application', { azp: 'K2bGq0hRkzO5dVfUX3T7sWc2eAg00000' }, /another application/],
    [
      'a program (client credentials)',
      { sub: 'YlHJ8n1mBq0hRkzO5dVfUX3T7sWc2eAg@clients', gty: 'client-credentials' },
      /this token has no user/,
    ],
    ['a token for another API of the tenant', { aud: ['https://other.example.com'] }, /expected audience/],
  ],
}
