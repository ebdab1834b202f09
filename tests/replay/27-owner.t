# Row 27: an owner hears adverts all the same, so that two owners are settled by election
# (RFC 9568 erratum 8298, keepalived's default).
instance V1 eth0 vrid=51 prio=255 addr=10.0.0.100 MASTER
@0 < link eth0 index=2 up ip=10.0.0.1
@0 < start
> advertise V1 prio=255 rev=1
> claim V1 repeat=5
> arm V1 Advert @1
> arm V1 SecondBurst @5
> tell (V1) INIT -> MASTER: owner of the addresses (priority 255)
# Lower priority: answered. Another owner with a higher address: yield.
@0.5 < advert prio=200
> advertise V1 prio=255 rev=1
> announce V1 repeat=5
> arm V1 Advert @1.5
> arm V1 LowerPrioBurst @5.5
> note (V1): 10.0.0.2 is MASTER too, with lower priority 200
@0.7 < advert prio=255 from=10.0.0.2
> release V1
> disarm V1 Advert
> disarm V1 SecondBurst
> disarm V1 LowerPrioBurst
> arm V1 MasterDown @3.703907
> tell (V1) MASTER -> BACKUP: advert from 10.0.0.2 with equal priority and higher address
@1.6 < advert prio=255 from=10.0.0.2
@2.6 < advert prio=0 from=10.0.0.2
> arm V1 MasterDown @2.603907
@2.603907 * V1 MasterDown
> advertise V1 prio=255 rev=1
> claim V1 repeat=5
> arm V1 Advert @3.603907
> arm V1 SecondBurst @7.603907
> tell (V1) BACKUP -> MASTER: 10.0.0.2 gave up (priority 0)
@3 < show V1
> V1 MASTER wants=MASTER prio=255 source=10.0.0.1 interval=1 rcvd:4 sent:3 become:2 release:1 zero_rcvd:1
