import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { securitySchemes } from '@kube-authn/api/openapi'
import { createPki } from '@kube-authn/testing'
import { afterAll, describe, expect, it } from 'vitest'
import { createAuthenticator } from '../index.ts'

const folder = mkdtempSync(join(tmpdir(), 'described-'))
afterAll(() => rmSync(folder, { recursive: true }))
const file = (name: string, content: string): string => {
  writeFileSync(join(folder, name), content)
  return join(folder, name)
}

describe('the chain of createAuthenticator, as OpenAPI has it', () => {
  it('has the issuers of its configuration, client certificates and paths without a credential', async () => {
    const { caPem } = await createPki()
    const authenticator = createAuthenticator({
      clientCAFile: file('ca.crt', caPem),
      authenticationConfig: file(
        'authn.yaml',
        `
apiVersion: apiserver.config.k8s.io/v1
kind: AuthenticationConfiguration
anonymous: { enabled: true, conditions: [{ path: /healthz }] }
jwt:
  - issuer: { url: https://issuer.example.com, audiences: [a] }
    claimMappings: { username: { claim: sub, prefix: '' } }
`,
      ),
    })
    const { securitySchemes: schemes, security } = securitySchemes(authenticator, { path: '/healthz' })
    authenticator.close()
    expect(schemes).toMatchObject({
      BearerAuth: { bearerFormat: 'JWT' },
      MutualTLS: { type: 'mutualTLS' },
      OpenIDConnect: { openIdConnectUrl: 'https://issuer.example.com/.well-known/openid-configuration' },
    })
    expect(security).toEqual([{ BearerAuth: [] }, { MutualTLS: [] }, { OpenIDConnect: [] }, {}])
  })
})
