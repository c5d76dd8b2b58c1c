/** The API server on Node, and the Kubernetes API in apps on Node. @module */
export type { HealthCheck } from './api/health.ts'
export { type ApiServer, type ApiServerOptions } from './server/api-server-options.ts'
export { apiServer } from './server/api-server.ts'
export { koaHandler, nodeHandler } from './server/handlers.ts'
