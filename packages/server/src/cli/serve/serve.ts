import { EXIT } from '../failure.ts'
import { write } from '../terminal/output.ts'
import { styleFor } from '../terminal/style.ts'
import { announcementText } from './announcement.ts'
import { settingsFromFlags } from './flags/settings-from-flags.ts'
import { logNotices } from './server-log.ts'
import { startServer } from './start.ts'
import { stopSignals } from './stop-signals.ts'

/**
 * Serves until SIGTERM or SIGINT.
 *
 * @returns the exit code.
 * @throws {ConfigurationError | Failure} if a flag, a file or an address cannot be used.
 */
export async function serve(argv: readonly string[]): Promise<number> {
  const settings = settingsFromFlags(argv)
  logNotices(settings.notices)
  const signals = stopSignals()
  const { announcement, close } = await startServer(settings)
  await write(
    settings.output === 'json'
      ? `${JSON.stringify(announcement)}\n`
      : announcementText(announcement, styleFor(process.stdout)),
  )
  await signals.stopped
  await close()
  signals.release()
  return EXIT.ok
}
