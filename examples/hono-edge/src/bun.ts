import { env } from 'node:process'
import { createApp } from './app.ts'
import manifest from './policy.json' with { type: 'json' }

/** The app for Bun, which serves the default export of a module and does not provide client certificates. */
export default {
  hostname: env['HOST'] ?? 'localhost',
  port: env['PORT'] ?? '3000',
  fetch: createApp({ settings: env, manifest }).fetch,
}
