import type { Provider } from './provider.ts'

export const google: Provider = {
  file: 'google',
  issuer: 'https://accounts.google.com',
  claims: {
    aud: '32555940559.apps.googleusercontent.com',
    azp: '32555940559.apps.googleusercontent.com',
    sub: '110169484474386276334',
    hd: 'example.com',
    email: 'jane@example.com',
    email_verified: true,
    at_hash: 'HK6E_P6Dh8Y93mRNtsDB1Q',
    name: 'Jane Doe',
  },
  user: { username: 'google:jane@example.com', uid: '110169484474386276334', groups: [], extra: {} },
  alsoAccepted: [
    ['a token whose issuer has no scheme, as Google once wrote it', { iss: 'accounts.google.com' }, {}],
    [
      'another person who got the address later, with another uid',
      { sub: '118420000000000000000' },
      { uid: '118420000000000000000' },
    ],
  ],
  refused: [
    [
      'a user of another Workspace',
      { hd: 'evil.com', email: 'jane@evil.com' },
      /required claim hd value does not match/,
    ],
    ['a private account', { hd: undefined, email: 'jane@gmail.com' }, /required claim hd not present/],
    ['a private account with an address of the domain', { hd: undefined }, /required claim hd not present/],
    ['an unverified address', { email_verified: false }, /the address is not verified/],
    ['an address that may be unverified', { email_verified: undefined }, /no such key: email_verified/],
    [
      'a verification that is a string',
      { email_verified: 'true' },
      /the address is not verified|no such overload/,
    ],
    ['a token for another app', { aud: '1.apps.googleusercontent.com' }, /expected audience/],
  ],
}
