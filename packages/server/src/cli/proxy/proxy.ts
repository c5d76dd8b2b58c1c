import { EXIT } from '../failure.ts'
import { stopSignals } from '../serve/stop-signals.ts'
import { write } from '../terminal/output.ts'
import { settingsFromFlags } from './settings.ts'
import { startProxy } from './start.ts'

/**
 * Runs the proxy until SIGTERM or SIGINT.
 *
 * @returns the exit code.
 * @throws {ConfigurationError | Failure} if a flag, a file or an address cannot be used.
 */
export async function proxy(argv: readonly string[]): Promise<number> {
  const settings = settingsFromFlags(argv)
  const signals = stopSignals()
  const { server, upstream, close } = await startProxy(settings)
  await write(
    settings.output === 'json'
      ? `${JSON.stringify({ server, upstream })}\n`
      : `kube-authn forwards requests at ${server}\nto the cluster at ${upstream}\n\nCtrl+C stops it.\n`,
  )
  await signals.stopped
  await close()
  signals.release()
  return EXIT.ok
}
