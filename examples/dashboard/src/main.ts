import { fileURLToPath } from 'node:url'
import { curl, header, listen, near, trusting } from '@kube-authn-example/material'
import { type Configuration, ConfigurationProblem, readConfiguration } from './configuration.ts'
import { createDashboard } from './dashboard.ts'

const [path] = process.argv.slice(2)

/** Listens, and resolves once requests are answered. */
async function start(configuration: Configuration, file: string): Promise<() => void> {
  const { server, close } = createDashboard(configuration)
  const { port, address } = configuration.listen
  await listen(server, { port, host: address, setting: `listen.port in ${file}` })
  return close
}

/** Starts the dashboard alone, or with a provider and a cluster. */
async function main(): Promise<void> {
  if (path !== undefined) {
    const configuration = readConfiguration(path)
    const close = await start(configuration, path)
    atTheEnd(close)
    console.log(`The dashboard is ${configuration.publicUrl}. Ctrl+C stops it.`)
    return
  }
  // Loaded only here: a dashboard alone needs no provider.
  const { startDemonstration } = await import('./demonstration/demonstration.ts')
  const demonstration = await startDemonstration({
    folder: process.env['MATERIAL'] ?? fileURLToPath(new URL('../.material', import.meta.url)),
    port: Number(process.env['PORT'] ?? 8443),
    providerPort: Number(process.env['PROVIDER_PORT'] ?? 8444),
  })
  const { configuration, configurationPath, material, cluster } = demonstration
  const close = await start(configuration, near(configurationPath))
  atTheEnd(() => {
    close()
    void demonstration.close()
  })
  const { issuer } = configuration.provider
  const bearer = header(`Authorization: Bearer ${material.secrets.operatorToken}`)
  const closing = curl(
    `${issuer}/accounts/jane/close`,
    trusting(material, 'provider-ca'),
    bearer,
    '--request POST',
  )
  console.log(`
The dashboard is ${configuration.publicUrl}, and its configuration ${near(configurationPath)}.
Log in as jane, joe or ada (an admin), with any password. Browsers warn about two certificates, of a CA that they do not know.

# Changes the cluster, which the open page of jane shows
kubectl --kubeconfig=${near(cluster.kubeconfig)} -n shop create configmap banner --from-literal=text=hello

# Closes the account of jane at the provider: her pages end within ${configuration.sessions.checkSeconds} seconds
${closing}

Ctrl+C stops it.`)
}

function atTheEnd(close: () => void): void {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, close)
}

try {
  await main()
} catch (error) {
  if (!(error instanceof ConfigurationProblem)) throw error
  console.error(error.message)
  process.exitCode = 1
}
