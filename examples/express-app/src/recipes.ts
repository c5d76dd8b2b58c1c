import { relative } from 'node:path'
import type { IssuedTokens } from './issued-tokens.ts'
import type { ClientFiles, Material } from './material.ts'

/** A shell command, and its expected output. */
export interface Recipe {
  readonly title: string
  readonly command: string
  readonly answer: string
}

/** The values in the commands. */
export interface Surroundings {
  readonly material: Material
  /** The origin of the app. */
  readonly origin: string
  /** The OpenID Connect provider. */
  readonly issuer: string
  readonly issued: Pick<IssuedTokens, 'serviceAccountToken' | 'bootstrapToken'>
}

/** One command for each method of authentication, and for each kind of failure. */
export function recipes({ material, origin, issuer, issued }: Surroundings): readonly Recipe[] {
  const { janesToken, clarksToken, joesPassword } = material.secrets
  const curl = (path: string, ...options: readonly string[]): string =>
    [
      'curl --silent --show-error --cacert',
      quote(relative(process.cwd(), material.caPath)),
      ...options,
      origin + path,
    ].join(' ')
  const token = (value: string): string => `--header ${quote(`Authorization: Bearer ${value}`)}`
  const user = (name: string, password: string): string => `--user ${quote(`${name}:${password}`)}`
  const certificate = ({ certificatePath, keyPath }: ClientFiles): string =>
    `--cert ${quote(relative(process.cwd(), certificatePath))} --key ${quote(relative(process.cwd(), keyPath))}`
  const superman = `--header 'Impersonate-User: superman' --header 'Impersonate-Group: system:masters'`
  return [
    {
      title: 'with a client certificate: the common name is the user, organizations are groups',
      command: curl('/whoami', certificate(material.jbeda)),
      answer: '{"username":"jbeda","groups":["app1","app2","system:authenticated"]}',
    },
    {
      title: 'with a certificate of an untrusted CA',
      command: curl('/healthz', certificate(material.stranger)),
      answer: UNAUTHORIZED,
    },
    {
      title: 'with a bearer token',
      command: curl('/whoami', token(janesToken)),
      answer: '{"username":"jane","groups":["developers","app1","system:authenticated"]}',
    },
    {
      title: 'with a password',
      command: curl('/whoami', user('joe', joesPassword)),
      answer: '{"username":"joe","groups":["operators","system:authenticated"]}',
    },
    {
      title: 'with an ID token of mary, which the inner command fetches from the OpenID Connect provider',
      command: curl('/whoami', `--header "Authorization: Bearer $(${idTokenCommand(material, issuer)})"`),
      answer: '{"username":"mary","groups":["accounting","app2","system:authenticated"]}',
    },
    {
      title: 'as a service account, with a token that this app issued',
      command: curl('/whoami', token(issued.serviceAccountToken)),
      answer:
        '{"username":"system:serviceaccount:shop:cart",' +
        '"groups":["system:serviceaccounts","system:serviceaccounts:shop","system:authenticated"]}',
    },
    {
      title: 'as a machine that joins a cluster, with a bootstrap token',
      command: curl('/whoami', token(issued.bootstrapToken)),
      answer:
        `{"username":"system:bootstrap:${issued.bootstrapToken.slice(0, 6)}",` +
        '"groups":["system:bootstrappers","system:bootstrappers:workers","system:authenticated"]}',
    },
    { title: 'anonymously, on a path where that is allowed', command: curl('/healthz'), answer: 'ok' },
    { title: 'anonymously, on another path', command: curl('/whoami'), answer: UNAUTHORIZED },
    {
      title: 'with a wrong token, which never becomes anonymous',
      command: curl('/healthz', token('wrong')),
      answer: UNAUTHORIZED,
    },
    { title: 'with a wrong password', command: curl('/whoami', user('joe', 'wrong')), answer: UNAUTHORIZED },
    {
      title: 'clark may not read a node',
      command: curl('/nodes/mynode', token(clarksToken)),
      answer: forbidden(
        'nodes \\"mynode\\" is forbidden: User \\"clark\\" cannot get resource \\"nodes\\" in API group \\"\\" at the cluster scope',
        { name: 'mynode', kind: 'nodes' },
      ),
    },
    {
      title: 'but clark may act as superman, who may',
      command: curl('/nodes/mynode', token(clarksToken), superman),
      answer: '{"node":"mynode","user":"superman","requester":"clark"}',
    },
    {
      title: 'jane may not act as another user',
      command: curl('/nodes/mynode', token(janesToken), superman),
      answer: forbidden(
        'forbidden: User \\"jane\\" cannot impersonate-on:user-info:get path \\"/nodes/mynode\\"',
      ),
    },
  ]
}

/** The audience of the issuer's tokens. */
export const CLIENT_ID = 'express-app'

/** A command that prints an ID token of mary. */
function idTokenCommand({ issuer: { caPath }, secrets }: Material, issuer: string): string {
  const { clientSecret, marysPassword } = secrets
  return [
    `curl --silent --show-error --cacert ${quote(relative(process.cwd(), caPath))}`,
    `--user ${quote(`${CLIENT_ID}:${clientSecret}`)}`,
    `--data grant_type=password --data username=mary --data ${quote(`password=${marysPassword}`)}`,
    `${issuer}/token | ${String.raw`sed 's/.*"id_token":"\([^"]*\)".*/\1/'`}`,
  ].join(' ')
}

const UNAUTHORIZED =
  '{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"Unauthorized","reason":"Unauthorized","code":401}'

function forbidden(
  message: string,
  details: { readonly name?: string; readonly kind?: string } = {},
): string {
  return `{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"${message}","reason":"Forbidden","details":${JSON.stringify(details)},"code":403}`
}

/** Quotes one word for a POSIX shell. */
function quote(word: string): string {
  return /^[\w./:=-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`
}
