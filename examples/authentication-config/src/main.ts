import { createServer } from 'node:https'
import { ConfigurationError, type Observer } from '@kube-authn/core'
import { metrics } from '@kube-authn/metrics'
import { createAuthenticator, tlsServerOptionsAt } from '@kube-authn/node'
import { listen, printRecipes } from '@kube-authn-example/material'
import { createApp } from './app.ts'
import { demonstration } from './demonstration.ts'
import { flagsOf } from './flags.ts'

try {
  await main()
} catch (error) {
  console.error(error instanceof ConfigurationError ? linesOf(error) : String(error))
  process.exitCode = 1
}

async function main(): Promise<void> {
  const { flags: given, port } = flagsOf(process.argv.slice(2))
  const demo = given === undefined ? await demonstration() : undefined
  const flags = given ?? demo?.flags
  if (flags === undefined) return

  const counted = metrics()
  const observer: Observer = (event) => {
    counted.observer(event)
    if (event.type === 'reload')
      console.log(`${event.source}: ${event.outcome} ${event.error?.message ?? ''}`)
  }
  const { authenticationConfig, certFile, keyFile } = flags
  const authenticator = createAuthenticator({ authenticationConfig, observer })
  const tls = tlsServerOptionsAt({ certFile, keyFile, observer })
  const server = tls.keepFresh(
    createServer(tls.options, createApp({ authenticator, observer, metrics: () => counted.render() })),
  )
  const origin = `https://localhost:${await listen(server, { port, setting: '--secure-port' })}`
  if (demo !== undefined) printRecipes(demo.recipes(origin))
  console.log(`Users of ${authenticationConfig} can log in at ${origin}/whoami`)
}

/** All problems of the file, in the words of Kubernetes. */
function linesOf({ problems }: ConfigurationError): string {
  return problems.map(({ path, message }) => `${path}: ${message}`).join('\n')
}
