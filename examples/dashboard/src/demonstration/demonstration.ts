import { existsSync, writeFileSync } from 'node:fs'
import { randomBytes } from 'node:crypto'
import { type Material, prepareMaterial } from '@kube-authn-example/material'
import { type Configuration, readConfiguration } from '../configuration.ts'
import { type Cluster, startCluster } from './cluster.ts'
import { people } from './people.ts'
import { type RunningProvider, startProvider } from './provider.ts'
import { writtenConfiguration } from './written-configuration.ts'

/** Options of {@link startDemonstration}. */
export interface DemonstrationOptions {
  readonly folder: string
  readonly port: number
  readonly providerPort: number
  /** How long an id token lasts. Without back-channel logout, a closed account ends its sessions after this time. Default 300. */
  readonly idTokenSeconds?: number
}

/** What a platform team already has: a provider and a cluster. */
export interface Demonstration {
  readonly configuration: Configuration
  readonly configurationPath: string
  readonly material: Material<Secret>
  readonly provider: RunningProvider
  readonly cluster: Cluster
  close(): Promise<void>
}

type Secret = 'clientSecret' | 'operatorToken'

/** Creates the files of the first run, `dashboard.yaml` among them, and starts a provider and a cluster. */
export async function startDemonstration(options: DemonstrationOptions): Promise<Demonstration> {
  const { folder, port, providerPort, idTokenSeconds = 300 } = options
  const material = await prepareMaterial(folder, {
    authorities: { ca: { servers: { server: {} } }, 'provider-ca': { servers: { provider: {} } } },
    secrets: ['clientSecret', 'operatorToken'],
    files: {
      'client-secret': ({ clientSecret }) => clientSecret,
      'session-key': () => randomBytes(32).toString('base64'),
    },
  })
  const configurationPath = material.path('dashboard.yaml')
  if (!existsSync(configurationPath)) {
    writeFileSync(configurationPath, writtenConfiguration(port, providerPort), { mode: 0o600 })
  }
  const configuration = readConfiguration(configurationPath)
  const cluster = await startCluster(material.path('cluster'), configuration.upstream.kubeconfig)
  const provider = await startProvider({
    issuer: configuration.provider.issuer,
    certificate: material.read('provider.crt'),
    privateKey: material.read('provider.key'),
    people,
    client: {
      id: configuration.provider.clientId,
      secret: material.secrets.clientSecret,
      origin: configuration.publicUrl,
      ca: material.read('ca.crt'),
    },
    operatorToken: material.secrets.operatorToken,
    idTokenSeconds,
  })
  return {
    configuration,
    configurationPath,
    material,
    provider,
    cluster,
    async close() {
      cluster.close()
      await provider.close()
    },
  }
}
