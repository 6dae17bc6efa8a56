/** RabbitMQ: the name that stands for direct replies, and the beginning of each address. docs/direct-reply-to. */
export const replyTo = 'amq.rabbitmq.reply-to';
