import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bearer, curl, type Recipe, UNAUTHORIZED } from '@kube-authn-example/material'
import { createIssuer, createPki } from '@kube-authn/testing'
import { listen } from '@kube-authn/testing/node'
import type { Flags } from './flags.ts'

/** A stand-in for the files and the issuer of an operator. */
export interface Demonstration {
  readonly flags: Flags
  recipes(origin: string): readonly Recipe[]
}

/** Creates an issuer in this process, certificates, and a file that maps its tokens to users. */
export async function demonstration(): Promise<Demonstration> {
  const folder = mkdtempSync(join(tmpdir(), 'authentication-config-'))
  const write = (name: string, content: string): string => {
    writeFileSync(join(folder, name), content, { mode: 0o600 })
    return join(folder, name)
  }
  const pki = await createPki({ commonName: 'authentication-config example CA' })
  const { chainPem, privateKeyPem } = await pki.issueServer({ hosts: ['localhost'] })
  const issuer = await createIssuer({ signingAlgorithms: ['ES256'] })
  const { url, caPem } = await listen(issuer, { pki })
  const flags = {
    authenticationConfig: write('authentication.yaml', configurationOf(url, caPem)),
    certFile: write('server.crt', chainPem),
    keyFile: write('server.key', privateKeyPem),
  }
  const caFile = write('ca.crt', caPem)
  const jane = { aud: 'my-app', sub: 'jane', email: 'jane@example.com', roles: ['developers'] }
  const tokens = {
    jane: await issuer.sign(jane),
    elsewhere: await issuer.sign({ ...jane, aud: 'another-app' }),
    mallory: await issuer.sign({ ...jane, sub: 'system:admin' }),
  }

  return {
    flags,
    recipes(origin) {
      const ask = (path: string, ...options: readonly string[]): string =>
        curl(`${origin}${path}`, `--cacert ${caFile}`, ...options)
      return [
        {
          title: 'as jane, with the mapping of the file',
          command: ask('/whoami', bearer(tokens.jane)),
          answer:
            '{"username":"jane","groups":["oidc:developers","system:authenticated"],"uid":"","extra":{"example.com/email":["jane@example.com"]}}',
        },
        {
          title: 'with a token for another app',
          command: ask('/whoami', bearer(tokens.elsewhere)),
          answer: UNAUTHORIZED,
        },
        {
          title: 'with a token that a rule forbids',
          command: ask('/whoami', bearer(tokens.mallory)),
          answer: UNAUTHORIZED,
        },
        { title: 'whether the issuer has been discovered', command: ask('/readyz'), answer: 'ok' },
      ]
    },
  }
}

function configurationOf(url: string, caPem: string): string {
  return `apiVersion: apiserver.config.k8s.io/v1
kind: AuthenticationConfiguration
jwt:
- issuer:
    url: ${url}
    audiences: [my-app]
    certificateAuthority: |
${caPem.replaceAll(/^/gm, '      ')}
  claimMappings:
    username: {claim: sub, prefix: ""}
    groups: {claim: roles, prefix: "oidc:"}
    extra:
    - {key: example.com/email, valueExpression: claims.email}
  userValidationRules:
  - expression: "!user.username.startsWith('system:')"
    message: names of the system are not this issuer's to give
`
}
