#!/usr/bin/env node
// Nothing is imported before: an older Node.js cannot load the rest.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
if (major > 20 || (major === 20 && minor >= 19)) {
  const { start } = await import('./start.ts')
  await start()
} else {
  // oxlint-disable-next-line no-console -- it is the command
  console.error(`kube-authn: needs Node.js 20.19 or newer, this is ${process.versions.node}`)
  process.exitCode = 1
}
