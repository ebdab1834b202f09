# Row 44: an interface that carries an address and is tracked too is one reason, not two.
instance V1 eth0 vrid=51 prio=100 addr=10.0.0.100@eth1
track V1 iface eth1 0
@0 < link eth0 index=2 up ip=10.0.0.1
@0 < link eth1 index=3
@0 < start
> tell (V1) INIT -> FAULT: interface eth1 is down
@1 < show V1
> V1 FAULT wants=FAULT prio=100 source=10.0.0.1 interval=1; interface eth1 is down
@2 < link eth1 index=3 up
> arm V1 MasterDown @5.609375
> tell (V1) FAULT -> BACKUP: the fault is gone
