// Says which adapter the root of @puka/transport gave. It imports nothing else.
import { defaultConnector } from '@puka/transport';

console.log(`adapter ${defaultConnector.runtime}`);
