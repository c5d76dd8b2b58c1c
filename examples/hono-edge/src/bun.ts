import { env } from 'node:process'
import { createApp } from './app.ts'
import manifest from './policy.json' with { type: 'json' }

/** The app for Bun, which serves what a module exports by default and does not tell of client certificates. */
export default {
  hostname: env['HOST'] ?? 'localhost',
  port: env['PORT'] ?? '3000',
  fetch: createApp({ settings: env, manifest }).fetch,
}
