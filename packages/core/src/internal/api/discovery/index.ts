export { answerDiscovery } from './answer.ts'
export { discoveryDocuments } from './documents.ts'
