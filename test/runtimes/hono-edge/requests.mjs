// Requests, and their responses on every runtime.

/** The response does not contain the reason. */
export const UNAUTHORIZED = status(401, 'Unauthorized', 'Unauthorized')

/** @param t the tokens of `tokensOf`. */
export const requestsWith = (t) =>
  [
    ['no credential', { path: '/whoami' }, UNAUTHORIZED],
    ['no credential, at a public path', { path: '/healthz' }, 'ok'],
    ['no credential, at an unknown path', { path: '/nowhere' }, UNAUTHORIZED],
    ['a user, at an unknown path', as('janes-token', '/nowhere'), [404, '404 Not Found']],

    ['a static token', as('janes-token'), user('jane', 'developers', 'app1')],
    [
      'its scheme in small letters',
      { path: '/whoami', headers: { authorization: 'bearer janes-token' } },
      user('jane', 'developers', 'app1'),
    ],
    ['a wrong static token', as('jane'), UNAUTHORIZED],
    ['a static token in another case', as('Janes-Token'), UNAUTHORIZED],
    ['a static token with more behind it', as('janes-token,x'), UNAUTHORIZED],
    ['a wrong token, at a public path', as('wrong', '/healthz'), UNAUTHORIZED],
    ['no token behind the scheme', { path: '/whoami', headers: { authorization: 'Bearer ' } }, UNAUTHORIZED],
    ['a token in the query', { path: '/whoami?access_token=janes-token' }, UNAUTHORIZED],
    [
      'a password',
      { path: '/whoami', headers: { authorization: `Basic ${btoa('jane:janes-token')}` } },
      UNAUTHORIZED,
    ],
    [
      'Authorization twice',
      { path: '/whoami', headers: { authorization: ['Bearer janes-token', 'Bearer janes-token'] } },
      UNAUTHORIZED,
    ],

    ['an ID token', as(t.mary), user('oidc:mary', 'oidc:operators')],
    ['an ID token that has expired', as(t.expired), UNAUTHORIZED],
    ['an ID token from the future', as(t.tooEarly), UNAUTHORIZED],
    ['an ID token for another audience', as(t.otherAudience), UNAUTHORIZED],
    ['an ID token of another issuer', as(t.otherIssuer), UNAUTHORIZED],
    ['an ID token without a subject', as(t.noSubject), UNAUTHORIZED],
    ['an ID token whose groups are no list', as(t.oddGroups), UNAUTHORIZED],
    ['an ID token without a signature', as(t.unsigned), UNAUTHORIZED],
    ['an ID token with other claims than were signed', as(t.forged), UNAUTHORIZED],
    ['an ID token with padding behind its signature', as(`${t.mary}=`), UNAUTHORIZED],

    [
      'a service account',
      as(t.cart),
      user('system:serviceaccount:shop:cart', 'system:serviceaccounts', 'system:serviceaccounts:shop'),
    ],
    ['a service account, whose token has expired', as(t.expiredCart), UNAUTHORIZED],
    ['a service account, with a token for others', as(t.cartForOthers), UNAUTHORIZED],
    ['a token of the cluster for who is no service account', as(t.noServiceAccount), UNAUTHORIZED],
    ['an ID token that the cluster has signed', as(t.maryOfTheCluster), UNAUTHORIZED],

    ['a node, for a group of a static token', as('joes-token', '/nodes/a'), { node: 'a', user: 'joe' }],
    ['a node, for a group of an ID token', as(t.mary, '/nodes/a'), { node: 'a', user: 'oidc:mary' }],
    [
      'a node, for a service account',
      as(t.cart, '/nodes/a'),
      { node: 'a', user: 'system:serviceaccount:shop:cart' },
    ],
    ['a node with an escaped name', as('joes-token', '/nodes/a%2Fb'), { node: 'a/b', user: 'joe' }],
    ['a node, for another user', as('janes-token', '/nodes/a'), cannot('jane', 'get', 'nodes', 'a')],

    [
      'acting as who one may be',
      acting('clarks-token', { user: 'superman', group: 'operators' }, '/nodes/a'),
      { node: 'a', user: 'superman', requester: 'clark' },
    ],
    [
      'acting as them without the group that may',
      acting('clarks-token', { user: 'superman' }, '/nodes/a'),
      cannot('superman', 'get', 'nodes', 'a'),
    ],
    [
      'impersonating another user',
      acting('clarks-token', { user: 'jane' }),
      cannot('clark', 'impersonate', 'users', 'jane'),
    ],
    [
      'acting in another group',
      acting('clarks-token', { user: 'superman', group: 'system:masters' }),
      cannot('clark', 'impersonate', 'groups', 'system:masters'),
    ],
    [
      'acting in a group twice',
      acting('clarks-token', { user: 'superman', group: ['operators', 'operators'] }),
      user('superman', 'operators', 'operators'),
    ],
    [
      'acting in a group twice, of which one is another',
      acting('clarks-token', { user: 'superman', group: ['operators', 'system:masters'] }),
      cannot('clark', 'impersonate', 'groups', 'system:masters'),
    ],
    [
      'acting as two users, or one with a comma',
      acting('clarks-token', { user: ['superman', 'superman'] }),
      status(400, 'BadRequest', 'requested a user or a uid that may have been joined from several headers'),
    ],
    ['acting, for who may not', acting('janes-token', { user: 'superman' }), cannotActOnWhoami('jane')],
    [
      'impersonating without a credential',
      { path: '/whoami', headers: { 'impersonate-user': 'superman' } },
      UNAUTHORIZED,
    ],

    [
      'a certificate in the header of the edge, from anywhere else',
      { path: '/whoami', headers: told({}) },
      UNAUTHORIZED,
    ],
    [
      'the header of the edge beside a token',
      { path: '/whoami', headers: { ...told({}), authorization: 'Bearer janes-token' } },
      user('jane', 'developers', 'app1'),
    ],
    [
      'a certificate in the headers of proxies',
      {
        path: '/whoami',
        headers: {
          'client-cert': ':MAEB:',
          'x-forwarded-client-cert': 'Subject="CN=jbeda"',
          'x-ssl-client-verify': 'SUCCESS',
        },
      },
      UNAUTHORIZED,
    ],
    [
      'a user in the headers of a proxy',
      { path: '/whoami', headers: { 'x-remote-user': 'root', 'x-remote-group': 'system:masters' } },
      UNAUTHORIZED,
    ],
    [
      'a user in the headers of a proxy beside a token',
      { path: '/whoami', headers: { 'x-remote-user': 'root', authorization: 'Bearer janes-token' } },
      user('jane', 'developers', 'app1'),
    ],
  ].map(named)

/** Sent to the socket that simulates Cloudflare's edge. */
export const certificates = [
  ['a certificate that was verified', told({}), user('jbeda', 'app1', 'app2')],
  ['one that was not', told({ certVerified: 'FAILED:self signed certificate' }), UNAUTHORIZED],
  ['one that was revoked', told({ certRevoked: '1' }), UNAUTHORIZED],
  ['one with unknown revocation status', told({ certRevoked: undefined }), UNAUTHORIZED],
  ['none', told({ certPresented: '0', certVerified: 'NONE', certSubjectDN: '' }), UNAUTHORIZED],
  ['one without a common name', told({ certSubjectDN: 'O=app1' }), UNAUTHORIZED],
  ['one whose subject cannot be read', told({ certSubjectDN: 'CN=a,b' }), UNAUTHORIZED],
  [
    'one beside a token: it comes first',
    { ...told({}), authorization: 'Bearer janes-token' },
    user('jbeda', 'app1', 'app2'),
  ],
  [
    'none beside a token',
    { ...told({ certPresented: '0' }), authorization: 'Bearer janes-token' },
    user('jane', 'developers', 'app1'),
  ],
  ['nothing of a client', { authorization: 'Bearer janes-token' }, user('jane', 'developers', 'app1')],
].map(([name, headers, answer]) => named([name, { path: '/whoami', headers }, answer]))

function named([name, request, answer]) {
  return { name, request, answer }
}

function as(token, path = '/whoami') {
  return { path, headers: { authorization: `Bearer ${token}` } }
}

function acting(token, { user: username, group }, path = '/whoami') {
  const headers = { authorization: `Bearer ${token}`, 'impersonate-user': username }
  return { path, headers: group === undefined ? headers : { ...headers, 'impersonate-group': group } }
}

function told(changes) {
  const verified = { certPresented: '1', certVerified: 'SUCCESS', certRevoked: '0' }
  const tlsClientAuth = { ...verified, certSubjectDN: 'CN=jbeda,O=app2,O=app1', ...changes }
  return { 'cf-blob': JSON.stringify({ tlsClientAuth }) }
}

function user(username, ...groups) {
  return { username, groups: [...groups, 'system:authenticated'] }
}

function cannot(username, verb, resource, name) {
  const message = `${resource} ${JSON.stringify(name)} is forbidden: User ${JSON.stringify(username)} cannot ${verb} resource "${resource}" in API group "" at the cluster scope`
  return status(403, 'Forbidden', message, { details: { name, kind: resource } })
}

/** For a user who never impersonated before. For others the last successful mode is tried first, so the refusal is about that one. */
function cannotActOnWhoami(username) {
  const message = `forbidden: User ${JSON.stringify(username)} cannot impersonate-on:user-info:get path "/whoami"`
  return status(403, 'Forbidden', message, { details: {} })
}

function status(code, reason, message, more = {}) {
  const body = {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message,
    reason,
    ...more,
    code,
  }
  return [code, JSON.stringify(body)]
}
