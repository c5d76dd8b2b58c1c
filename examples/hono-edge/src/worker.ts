import { cloudflareClientCertificate } from '@kube-authn/core/client-certificate'
import type { ExecutionContext } from 'hono'
import { createApp } from './app.ts'
import manifest from './policy.json' with { type: 'json' }
import type { Settings } from './settings.ts'

let app: ReturnType<typeof createApp> | undefined

/** The app as a Cloudflare Worker, which also authenticates the client certificates that Cloudflare verified. */
export default {
  fetch(request: Request, settings: Settings, context: ExecutionContext): Response | Promise<Response> {
    // Tokens are stored as digests under a random key, and a Worker has no random numbers before the first request.
    app ??= createApp({ settings, manifest, clientCertificate: cloudflareClientCertificate() })
    return app.fetch(request, settings, context)
  },
}
