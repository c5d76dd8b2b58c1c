import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, vi } from 'vitest'

/** The app of `npm start`, in a process of its own. */
export interface DemoApp {
  readonly origin: string
  close(): void
}

const main = fileURLToPath(new URL('../../examples/express-app/dist/main.js', import.meta.url))

/** Starts it on a free port. @param material the folder of its files, which it makes. */
export async function startDemoApp(material: string): Promise<DemoApp> {
  const app = spawn(process.execPath, [main], { env: { ...process.env, PORT: '0', MATERIAL: material } })
  let output = ''
  app.stdout?.on('data', (data) => (output += String(data)))
  await vi.waitFor(() => expect(output).toContain('Ctrl+C'))
  return {
    origin: /shows more at (https:\/\/localhost:\d+)/.exec(output)?.[1] ?? '',
    close: () => void app.kill(),
  }
}
