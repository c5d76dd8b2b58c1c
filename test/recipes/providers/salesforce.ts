import type { Provider } from './provider.ts'

const ORGANIZATION = 'https://login.salesforce.com/id/00Dx0000000A9y0EAC'
const JANE = `${ORGANIZATION}/005x0000000UnYmAAK`

export const salesforce: Provider = {
  file: 'salesforce',
  issuer: 'https://login.salesforce.com',
  claims: {
    at_hash: 'HK6E_P6Dh8Y93mRNtsDB1Q',
    sub: JANE,
    aud: '3MVG9lKcPoNINVBIPJjdw1J9LLM82Hn',
    custom_attributes: { Team: 'operators' },
  },
  user: {
    username: 'salesforce:005x0000000UnYmAAK',
    uid: JANE,
    groups: ['salesforce:operators'],
    extra: {},
  },
  alsoAccepted: [['a user without custom attributes', { custom_attributes: undefined }, { groups: [] }]],
  refused: [
    [
      'a user of another organization, who may use the same connected app',
      { sub: 'https://login.salesforce.com/id/00Dx0000000ZZZZEAC/005x0000000UnYmAAK' },
      /the user is of another organization/,
    ],
    [
      'an organization whose number only begins in the same way',
      { sub: `${ORGANIZATION}X/005x0000000UnYmAAK` },
      /the user is of another organization/,
    ],
    ['a user of a sandbox', { sub: JANE.replace('login', 'test') }, /the user is of another organization/],
    [
      'an access token in the form of a JWT',
      { aud: ['https://example.my.salesforce.com'], sub: 'uid:005x0000000UnYmAAK', scp: 'api' },
      /expected audience/,
    ],
    ['a token for another connected app', { aud: '3MVG9other' }, /expected audience/],
  ],
}
