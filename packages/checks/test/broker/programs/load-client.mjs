// Loads the client with all it needs, and does nothing with it.
import { Client } from '@puka/client';

console.log(`client ${typeof Client}`);
