"""What the throughput benchmark needs: a network, signed transfers, proven settlements, a sender and a watcher."""
