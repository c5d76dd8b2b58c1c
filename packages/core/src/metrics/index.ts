export { metrics, type Metrics, type MetricsOptions } from './metrics.ts'
export { usernameLabel } from './username-label.ts'
