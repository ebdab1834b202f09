# Row 33: another address list is said and counted, the advert is accepted (as keepalived does).
instance V1 eth0 vrid=51 prio=100 addr=10.0.0.100,10.0.0.101
@0 < link eth0 index=2 up ip=10.0.0.1
@0 < start
> arm V1 MasterDown @3.609375
> tell (V1) INIT -> BACKUP: starting
# Any order will do.
@0.5 < advert prio=200 addr=10.0.0.101,10.0.0.100
@1.5 < advert prio=200 addr=10.0.0.100
> note (V1) the address list of 10.0.0.2 differs from ours
@2.5 < advert prio=200 addr=10.0.0.100,10.0.0.102
# The same address twice is not the same list.
@3.5 < advert prio=200 addr=10.0.0.100,10.0.0.100
@3.6 < advert prio=200 from=10.0.0.3 addr=10.0.0.100,10.0.0.101,10.0.0.102
> note (V1) the address list of 10.0.0.3 differs from ours
@3.609375 * V1 MasterDown
> arm V1 MasterDown @7.209375
@4 < show V1
> V1 BACKUP wants=BACKUP prio=100 source=10.0.0.1 master=10.0.0.3/200 interval=1 rcvd:5 list:4
