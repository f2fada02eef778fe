# One image for every role; the role is the argument: docker run qunfa worker
ARG NODE_IMAGE=node:20-bookworm-slim

FROM ${NODE_IMAGE} AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json ./
COPY src ./src
RUN npm run build && npm prune --omit=dev --no-audit --no-fund

FROM ${NODE_IMAGE}
WORKDIR /app
# Inside a container the outside decides who reaches a port. /data is for what must outlive it.
ENV NODE_ENV=production \
    PRODUCER_HOST=0.0.0.0 \
    CALLBACK_HOST=0.0.0.0 \
    SANDBOX_HOST=0.0.0.0 \
    METRICS_HOST=0.0.0.0 \
    METRICS_PORT=9464 \
    CALLBACK_SPOOL_DIR=/data/spool
RUN mkdir -p /data/spool && chown -R node:node /data
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
USER node
# /tmp, too: a long list is sorted there, and not in memory. All else may be read only.
VOLUME ["/data", "/tmp"]
EXPOSE 3000 3001 3002 9464
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.METRICS_PORT}/healthz`).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "dist/main.js"]
CMD ["producer"]
