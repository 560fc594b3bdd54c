"""nac: network access control for AI estates. The control plane; the data plane is `nac._dataplane`."""
