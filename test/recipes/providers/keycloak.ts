import type { Provider } from './provider.ts'

export const keycloak: Provider = {
  file: 'keycloak',
  issuer: 'https://keycloak.example.com/realms/shop',
  claims: {
    jti: 'onrtac:8f0a3c1e-1f0e-4f0a-9f6b-2f0c5d1c7a11',
    aud: ['my-app', 'account'],
    sub: 'f7a0c2d4-8a7e-4c5b-9d3f-1b2a3c4d5e6f',
    typ: 'Bearer',
    azp: 'my-frontend',
    sid: '0b1c2d3e-4f50-6172-8394-a5b6c7d8e9f0',
    acr: '1',
    realm_access: { roles: ['offline_access', 'uma_authorization'] },
    resource_access: { 'my-app': { roles: ['operator'] }, account: { roles: ['manage-account'] } },
    scope: 'openid profile',
    email_verified: true,
    preferred_username: 'jane',
    groups: ['/shop/operators'],
  },
  user: {
    username: 'keycloak:f7a0c2d4-8a7e-4c5b-9d3f-1b2a3c4d5e6f',
    uid: 'f7a0c2d4-8a7e-4c5b-9d3f-1b2a3c4d5e6f',
    groups: ['keycloak:/shop/operators', 'keycloak:role:operator'],
    extra: {
      'example.com/login-name': ['jane'],
      'authentication.kubernetes.io/credential-id': ['JTI=onrtac:8f0a3c1e-1f0e-4f0a-9f6b-2f0c5d1c7a11'],
    },
  },
  alsoAccepted: [
    [
      'a user without groups and roles',
      { groups: undefined, resource_access: undefined, realm_access: undefined },
      { groups: [] },
    ],
  ],
  refused: [
    ['an ID token', { typ: 'ID', aud: 'my-app' }, /required claim typ value does not match/],
    ['a logout token', { typ: 'Logout', events: {} }, /required claim typ value does not match/],
    [
      'a refresh token',
      { typ: 'Refresh', aud: 'https://keycloak.example.com/realms/shop' },
      /expected audience/,
    ],
    ['a token for the account console', { aud: 'account' }, /expected audience/],
    ['a token without sub, as lightweight tokens have none', { sub: undefined }, /no such key: sub/],
  ],
}
