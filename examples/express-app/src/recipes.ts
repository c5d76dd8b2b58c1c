import {
  basic,
  bearer,
  clientCertificate,
  curl,
  forbidden,
  type Material,
  quote,
  type Recipe,
  trusting,
  UNAUTHORIZED,
} from '@kube-authn-example/material'
import type { Secret } from './material.ts'

/** The values in the commands. */
export interface Surroundings {
  readonly material: Material<Secret>
  /** The origin of the app. */
  readonly origin: string
  /** The OpenID Connect provider. */
  readonly issuer: string
  readonly issued: { readonly serviceAccountToken: string; readonly bootstrapToken: string }
}

/** One command for each method of authentication, and for each kind of failure. */
export function recipes({ material, origin, issuer, issued }: Surroundings): readonly Recipe[] {
  const { janesToken, clarksToken, joesPassword } = material.secrets
  const ask = (path: string, ...options: readonly string[]): string =>
    curl(origin + path, trusting(material), ...options)
  const superman = `--header 'Impersonate-User: superman' --header 'Impersonate-Group: system:masters'`
  return [
    {
      title: 'with a client certificate: the common name is the user, organizations are groups',
      command: ask('/whoami', clientCertificate(material, 'jbeda')),
      answer: '{"username":"jbeda","groups":["app1","app2","system:authenticated"]}',
    },
    {
      title: 'with a certificate of an untrusted CA',
      command: ask('/healthz', clientCertificate(material, 'stranger')),
      answer: UNAUTHORIZED,
    },
    {
      title: 'with a bearer token',
      command: ask('/whoami', bearer(janesToken)),
      answer: '{"username":"jane","groups":["developers","app1","system:authenticated"]}',
    },
    {
      title: 'with a password',
      command: ask('/whoami', basic('joe', joesPassword)),
      answer: '{"username":"joe","groups":["operators","system:authenticated"]}',
    },
    {
      title: 'with an ID token of mary, which the inner command fetches from the OpenID Connect provider',
      command: ask('/whoami', `--header "Authorization: Bearer $(${idTokenCommand(material, issuer)})"`),
      answer: '{"username":"mary","groups":["oidc:accounting","oidc:app2","system:authenticated"]}',
    },
    {
      title: 'as a service account, with a token that this app issued',
      command: ask('/whoami', bearer(issued.serviceAccountToken)),
      answer:
        '{"username":"system:serviceaccount:shop:cart",' +
        '"groups":["system:serviceaccounts","system:serviceaccounts:shop","system:authenticated"]}',
    },
    {
      title: 'as a machine that joins a cluster, with a bootstrap token',
      command: ask('/whoami', bearer(issued.bootstrapToken)),
      answer:
        `{"username":"system:bootstrap:${issued.bootstrapToken.slice(0, 6)}",` +
        '"groups":["system:bootstrappers","system:bootstrappers:workers","system:authenticated"]}',
    },
    { title: 'anonymously, on a path where that is allowed', command: ask('/healthz'), answer: 'ok' },
    { title: 'anonymously, on another path', command: ask('/whoami'), answer: UNAUTHORIZED },
    {
      title: 'with a wrong token, which never becomes anonymous',
      command: ask('/healthz', bearer('wrong')),
      answer: UNAUTHORIZED,
    },
    { title: 'with a wrong password', command: ask('/whoami', basic('joe', 'wrong')), answer: UNAUTHORIZED },
    {
      title: 'clark may not read a node',
      command: ask('/nodes/mynode', bearer(clarksToken)),
      answer: forbidden(
        'nodes "mynode" is forbidden: User "clark" cannot get resource "nodes" in API group "" at the cluster scope',
        { name: 'mynode', kind: 'nodes' },
      ),
    },
    {
      title: 'but clark may act as superman, who may',
      command: ask('/nodes/mynode', bearer(clarksToken), superman),
      answer: '{"node":"mynode","user":"superman","requester":"clark"}',
    },
    {
      title: 'jane may not act as another user',
      command: ask('/nodes/mynode', bearer(janesToken), superman),
      answer: forbidden('forbidden: User "jane" cannot impersonate-on:user-info:get path "/nodes/mynode"'),
    },
  ]
}

/** The audience of the issuer's tokens. */
export const CLIENT_ID = 'express-app'

/** A command that prints an ID token of mary. */
function idTokenCommand(material: Material<Secret>, issuer: string): string {
  const { clientSecret, marysPassword } = material.secrets
  const request = curl(
    `${issuer}/token`,
    trusting(material, 'issuer-ca'),
    basic(CLIENT_ID, clientSecret),
    `--data grant_type=password --data username=mary --data ${quote(`password=${marysPassword}`)}`,
  )
  return `${request} | ${String.raw`sed 's/.*"id_token":"\([^"]*\)".*/\1/'`}`
}
