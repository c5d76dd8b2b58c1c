export { metrics, type Metrics } from './metrics.ts'
export { usernameLabel } from './username-label.ts'
