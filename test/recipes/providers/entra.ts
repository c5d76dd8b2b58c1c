import type { Provider } from './provider.ts'

const TENANT = '11111111-2222-3333-4444-555555555555'
const ANOTHER_TENANT = '99999999-2222-3333-4444-555555555555'
const OPERATORS = 'c4e3b7a2-5d0f-4d5e-8a1b-1f2e3d4c5b6a'

export const entra: Provider = {
  file: 'entra',
  issuer: `https://login.microsoftonline.com/${TENANT}/v2.0`,
  claims: {
    aud: '6dae42f8-4368-4678-94ff-3960e28e3630',
    azp: '0f5e9d54-43cf-4a3f-9a5e-4e7f3f2f8a11',
    azpacr: '1',
    name: 'Jane Doe',
    oid: '690222be-ff1a-4d56-abd1-7e4f7d38e474',
    preferred_username: 'jane@contoso.com',
    groups: [OPERATORS],
    roles: ['Orders.Approve'],
    rh: '0.AQ',
    scp: 'access_as_user',
    sub: 'HKZpfaHyWadeOouYlitjrI-KffTm222X5rrV3xDqfKQ',
    tid: TENANT,
    uti: 'fqiBqXLPj0eQa82S-IYFAA',
    ver: '2.0',
  },
  user: {
    username: 'entra:690222be-ff1a-4d56-abd1-7e4f7d38e474',
    uid: '690222be-ff1a-4d56-abd1-7e4f7d38e474',
    groups: [`entra:${OPERATORS}`, 'entra:role:Orders.Approve'],
    extra: { 'example.com/login-name': ['jane@contoso.com'] },
  },
  alsoAccepted: [
    ['a user without groups', { groups: undefined, roles: undefined }, { groups: [] }],
    [
      'a renamed user, under the same name',
      { preferred_username: 'jane.smith@contoso.com' },
      { extra: { 'example.com/login-name': ['jane.smith@contoso.com'] } },
    ],
    [
      'an app with its own permissions',
      { scp: undefined, idtyp: 'app', groups: undefined, preferred_username: undefined },
      { groups: ['entra:role:Orders.Approve'], extra: {} },
    ],
  ],
  refused: [
    [
      'a token of a user of another tenant',
      { tid: ANOTHER_TENANT },
      /required claim tid value does not match/,
    ],
    ['a v1.0 token', { ver: '1.0' }, /required claim ver value does not match/],
    ['a token for Microsoft Graph', { aud: '00000003-0000-0000-c000-000000000000' }, /expected audience/],
    ['an ID token', { scp: undefined, azp: undefined, nonce: 'x' }, /this is no access token/],
    [
      'a token whose groups are elsewhere, since they are too many',
      {
        groups: undefined,
        _claim_names: { groups: 'src1' },
        _claim_sources: {
          src1: {
            endpoint: `https://graph.windows.net/${TENANT}/users/690222be-ff1a-4d56-abd1-7e4f7d38e474/getMemberObjects`,
          },
        },
      },
      /more groups than a token can list/,
    ],
    [
      'a token of the implicit flow with too many groups',
      { groups: undefined, hasgroups: true },
      /more groups than a token can list/,
    ],
    ['a token without oid', { oid: undefined }, /no such key: oid/],
  ],
}
