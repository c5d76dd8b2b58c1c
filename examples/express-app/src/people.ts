import { writeFileSync } from 'node:fs'
import { clientCertificate, header, type Material, near, trusting } from '@kube-authn-example/material'
import type { PreparedRequest } from '@kube-authn/explain-page'
import type { IssuedTokens } from './issued-tokens.ts'
import type { Secret } from './material.ts'

/** What the page offers: a user for each method, and credentials that are refused. Secrets are in files of the material, which `curl` reads. */
export function people(
  material: Material<Secret>,
  issued: IssuedTokens,
  fetchIdToken: () => Promise<string>,
): readonly PreparedRequest[] {
  const { janesToken, clarksToken, joesPassword } = material.secrets
  const ca = trusting(material)

  /** With a header, which is also in a file for `curl`. */
  const known = (
    who: Pick<PreparedRequest, 'name' | 'description' | 'group'>,
    file: string,
    authorization: () => Promise<string> | string,
  ): PreparedRequest => ({
    ...who,
    curl: [ca, `--header @${near(material.path(file))}`],
    async requestHeaders() {
      const value = await authorization()
      writeFileSync(material.path(file), `Authorization: ${value}\n`, { mode: 0o600 })
      return { authorization: value }
    },
  })
  const basic = (name: string, password: string): string =>
    `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`
  const wrong = (name: string, description: string, value: string): PreparedRequest => ({
    name,
    description,
    group: 'Refused',
    requestHeaders: { authorization: value },
    curl: [ca, header(`Authorization: ${value}`)],
  })
  const certificate = (name: string): Pick<PreparedRequest, 'cert' | 'curl'> => ({
    cert: material.read(`${name}.crt`),
    curl: [ca, clientCertificate(material, name)],
  })

  return [
    known(
      { name: 'jane', description: 'bearer token', group: 'People' },
      'jane.header',
      () => `Bearer ${janesToken}`,
    ),
    known({ name: 'joe', description: 'password', group: 'People' }, 'joe.header', () =>
      basic('joe', joesPassword),
    ),
    known(
      { name: 'mary', description: 'OpenID Connect', group: 'People' },
      'mary.header',
      async () => `Bearer ${await fetchIdToken()}`,
    ),
    {
      name: 'jbeda',
      description: 'client certificate',
      group: 'People',
      ...certificate('jbeda'),
    },
    known(
      { name: 'clark', description: 'may act as others', group: 'People' },
      'clark.header',
      () => `Bearer ${clarksToken}`,
    ),
    known(
      { name: 'cart', description: 'service account', group: 'Machines' },
      'cart.header',
      async () => `Bearer ${await issued.serviceAccountToken()}`,
    ),
    known(
      { name: 'a new node', description: 'bootstrap token', group: 'Machines' },
      'bootstrap.header',
      () => `Bearer ${issued.bootstrapToken}`,
    ),
    {
      name: 'fido',
      description: 'headers of a proxy',
      group: 'Machines',
      requestHeaders: { 'x-remote-user': 'fido', 'x-remote-group': 'dogs' },
      cert: material.read('proxy.crt'),
      curl: [
        ca,
        clientCertificate(material, 'proxy'),
        header('X-Remote-User: fido'),
        header('X-Remote-Group: dogs'),
      ],
    },
    wrong('Wrong token', 'known to no authenticator', 'Bearer wrong'),
    wrong('Wrong password', 'of joe', basic('joe', 'wrong')),
    known(
      { name: 'Expired token', description: 'of the cart, an hour ago', group: 'Refused' },
      'expired.header',
      () => `Bearer ${issued.expiredToken}`,
    ),
    {
      name: 'Foreign certificate',
      description: 'jbeda, of another CA',
      group: 'Refused',
      ...certificate('stranger'),
    },
    {
      name: 'Forged proxy',
      description: 'headers without its certificate',
      group: 'Refused',
      requestHeaders: { 'x-remote-user': 'superman' },
      curl: [ca, header('X-Remote-User: superman')],
    },
  ]
}
